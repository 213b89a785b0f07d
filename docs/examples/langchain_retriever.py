"""Our passages in a LangChain chain of your own: python docs/examples/langchain_retriever.py [QUESTION]"""

import sys

from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda

from rag.chain import Desk
from rag.retriever import LibraryRetriever
from rag.settings import load_settings

retriever = LibraryRetriever(desk=Desk(load_settings()), k=3)
prompt = ChatPromptTemplate.from_template("Answer from these passages only:\n{passages}\n\nQuestion: {question}")
chain = (
    RunnableLambda(lambda question: {"question": question, "passages": retriever.invoke(question)})
    | prompt  # add your chat model here: | init_chat_model("ollama:llama3.2")
)
question = sys.argv[1] if len(sys.argv) > 1 else "What is the low-altitude economy?"
print(chain.invoke(question).to_string())

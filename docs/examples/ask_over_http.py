"""Ask a running desk from another program: python docs/examples/ask_over_http.py [ADDRESS]"""

import sys

from gradio_client import Client

desk = Client(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860", verbose=False)

answer = desk.predict("How much did China spend on R&D in 2024?", api_name="/ask")
for sentence in answer["sentences"]:
    print(sentence["text"], sentence["citations"])
for citation in answer["citations"]:
    print(citation["n"], citation["title"], citation["date"], citation["quote"])

# The quotation is what stands in the document, to the character.
first = answer["citations"][0]
source = desk.predict(first["document"], first["start"], first["end"], api_name="/read_source")
print("stands:", source["text"] == first["quote"])

print(len(desk.predict(api_name="/documents")), "documents")
print([hit["document"] for hit in desk.predict("low-altitude economy", k=3, api_name="/search")["hits"]])

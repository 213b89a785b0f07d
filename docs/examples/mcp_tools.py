"""Use a running desk as an MCP server: python docs/examples/mcp_tools.py [ADDRESS]"""

import asyncio
import json
import sys

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

address = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860").rstrip("/")


async def main() -> None:
    tools = streamablehttp_client(f"{address}/gradio_api/mcp/")
    async with tools as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()
        print("tools:", sorted(tool.name for tool in (await session.list_tools()).tools))
        found = await session.call_tool("ask", {"question": "What is involution?"})
        print(json.loads(found.content[0].text)["answer"])
        text = "China spent 3,632.68 billion yuan on research and development in 2023."
        checked = json.loads((await session.call_tool("verify", {"text": text})).content[0].text)
        print(checked["sentences"][0]["supported"], checked["sentences"][0].get("reason", ""))


asyncio.run(main())

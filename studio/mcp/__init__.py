"""The studio for agents: a server of the Model Context Protocol, whose tools are the functions of `studio.api`.

Needs the package `mcp`, which `pip install "memorypack-studio[mcp]"` brings along; nothing else imports this room.
"""

"""From files and addresses to the stores: load, chunk, embed, publish."""

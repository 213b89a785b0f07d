"""The three stores: catalog (SQLite, the system of record), vectors (Chroma), words (tantivy)."""

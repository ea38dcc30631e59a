"""HTTP/1.1 on the local socket: who may come in, what comes in, and what goes out."""

"""Hot folders: what is dropped into one comes out cut out, and nothing is lost on the way.

seen -> settled -> a job in the ledger -> the engine -> temporary files -> outputs in place -> the original put away
"""

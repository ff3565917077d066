"""Ingest over SRT: a port for each show, whose passphrase is the stream key.

`slots` says which port is whose, `port` waits at one for its caller and hands on what comes.
"""

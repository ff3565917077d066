"""A small RTMP server that takes publishers only (Adobe's RTMP specification 1.0). It knows no Django and no show.

`server` listens, `handshake` and `chunks` carry messages, `amf` spells their commands, `session` leads one publisher
from connect to its end, and `flv` and `avc` read what it sends. Who may publish is the business of the `Door` that
the server is given.
"""

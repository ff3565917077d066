"""A small RTMP server that takes publishers only (Adobe's RTMP specification 1.0). It knows no Django and no show.

`server` listens, `handshake` and `chunks` carry messages, `amf` spells their commands, and `session` leads one
publisher from connect to its end. Who may publish is the business of the `Door` that the server is given.
"""

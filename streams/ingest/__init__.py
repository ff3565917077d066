"""Ways for a show's picture and sound to come in: RTMP, SRT, a browser's camera; what they share is here.

`connection_limits` bounds who may wait, `flv` and `avc` read media, `remux` and `ffmpeg` make the pipeline's packets
of it, and a `publisher` takes them.
"""

"""Ingest from a browser's camera: what MediaRecorder makes, over a WebSocket of the media process.

`tickets` says who may send, `server` listens, `session` leads one browser from its ticket to its end, `recording`
turns what it records into the pipeline's packets. docs/ingest.md has the frames.
"""

"""The words spoken on the wire and between rooms: no I/O, no threads, no clock."""

"""The files of a user: pictures and sounds, recognised by content, read with care, written as they came."""

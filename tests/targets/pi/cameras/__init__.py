"""Stand-ins for what reads cameras: on PYTHONPATH they are what a package imports.

Each gives frames as the interface that the real one has published says, of the picture in CAMERA_PICTURE, as many as
CAMERA_FRAMES says, and writes a line for what it is asked into the file CAMERA_LOG.
"""

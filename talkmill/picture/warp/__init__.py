"""Moving a photographed face: the geometry of the mouth, what is inside it, the lids, and slight motion of the head.

Lengths of a face are in *millimetres of the face*: a ninetieth of the distance between the outer corners of the eyes, which is
about 90 mm on people. `place` puts a face frame on every picture (x along the eyes to the viewer's right, y down, the origin
between the corners of the mouth), so that one set of numbers fits faces of every size. All of it is a pure function of the
picture, its landmarks and the pose: nothing is carried from frame to frame, so that nothing can drift.
"""

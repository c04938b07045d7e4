"""What is seen live in a notebook: the card of a run that goes on, and the table of runs.

A panel is first plain HTML, which a thread of ours refreshes through ``update_display``. Where the front end of our
lab extension says that it is there, the panel speaks with it through a comm, and the HTML rests.

Panels look at the store and at what they are handed; they never import what records.
"""

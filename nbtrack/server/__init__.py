"""``nbtrack ui``: the views of the notebook in a browser tab of their own, for the store on this machine."""

"""A store on a server: records are written here first and sent; what is asked is answered there."""

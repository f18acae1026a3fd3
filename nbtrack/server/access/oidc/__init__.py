"""People who sign in elsewhere, and jobs that show a token from elsewhere: OpenID Connect, by Authlib and joserfc."""

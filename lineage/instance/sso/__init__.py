"""Single sign-on: who a caller is, by a proxy's header or by OpenID Connect."""

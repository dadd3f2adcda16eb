"""What a browser is told and does: headers, Content-Security-Policy, CORS, cookies, TLS, HTML. Pure, but for TLS."""

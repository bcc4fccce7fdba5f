/** A request for a certificate, as nodes send it. */

/** EC P-256, CN=kubernetes.invalid, made by OpenSSL with what node/certificates.sh asks for. */
export const CSR = `-----BEGIN CERTIFICATE REQUEST-----
MIIBKTCB0AIBADAdMRswGQYDVQQDDBJrdWJlcm5ldGVzLmludmFsaWQwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAATasXPvUg8ol+Jz0TGS1PhotwkigkpMx7RyYN5B
snP9Mi7Rq05fxpFbgsLiHt2BOK9se92WOL7oi4hAoqXVMk4LoFEwTwYJKoZIhvcN
AQkOMUIwQDAOBgNVHQ8BAf8EBAMCBaAwHQYDVR0lBBYwFAYIKwYBBQUHAwIGCCsG
AQUFBwMBMA8GA1UdEQQIMAaHBAoAAAUwCgYIKoZIzj0EAwIDSAAwRQIgRsawsVs0
i3b4T90pC0H8450ZadrLxdakFf/BI7isu2ICIQCA1N+OQ4cXgv8akK2qx63cZmUz
6khjP//mxIVf+ObEpw==
-----END CERTIFICATE REQUEST-----
`;

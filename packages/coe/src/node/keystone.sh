# The node speaks for itself: its own user with a trust that allows one thing, this bay, and not for whoever made the
# bay. So a node that is added a year later can still fetch its certificates.
keystone_token() {
  local url=${AUTH_URL%/} scope
  url=${url%/v2.0}
  url=${url%/v3}/v3
  if [[ -n $TRUST_ID ]]; then
    scope="\"OS-TRUST:trust\": {\"id\": \"$TRUST_ID\"}"
  else
    scope="\"project\": {\"id\": \"$TRUSTEE_PROJECT_ID\"}"
  fi
  curl "${cloud_options[@]}" --header 'Content-Type: application/json' --output /dev/null --dump-header - --data @- \
    "$url/auth/tokens" <<REQUEST | tr -d '\r' | sed -n 's/^[Xx]-[Ss]ubject-[Tt]oken: *//p'
{"auth": {
  "identity": {"methods": ["password"], "password": {"user": {"id": "$TRUSTEE_USER_ID", "password": "$TRUSTEE_PASSWORD"}}},
  "scope": {$scope}
}}
REQUEST
}

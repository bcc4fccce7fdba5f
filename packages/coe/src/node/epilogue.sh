step 'ready'
retry 30 10 signal SUCCESS "$NODE_NAME is set up" || fail 'Heat did not take the signal'
call_back SUCCESS "$NODE_NAME is set up"

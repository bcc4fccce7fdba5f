#!/bin/bash
# Starts and ends the lab's processes; sourced after settings.sh. A process is known by its pid and by when it started: so
# that a file that outlived the machine's restart names nobody else's process.

say() { printf '%(%H:%M:%S)T %s\n' -1 "$*"; }

die() {
  say "FAILED: $*" >&2
  exit 1
}

# pid_of NAME: the pid of a process of the lab that lives.
pid_of() {
  local pid began
  { read -r pid began <"$STATE/run/$1.pid"; } 2>/dev/null || return 1
  [ "$(start_of "$pid")" = "$began" ] || return 1
  echo "$pid"
}

# start_of PID: when it started, in the kernel's ticks; empty when there is no such process.
start_of() {
  # The second field is the program's name, in parentheses, and may hold anything.
  sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20
}

is_open() { (exec 3<>"/dev/tcp/$HOST/$1") 2>/dev/null; }

# start NAME PORT COMMAND...: unless it runs; PORT 0 for what listens nowhere.
start() {
  local name=$1 port=$2
  shift 2
  if pid_of "$name" >/dev/null; then return; fi
  if [ "$port" != 0 ] && is_open "$port"; then die "$name: another process listens on port $port"; fi
  say "start $name"
  # 9 is the lock of up.sh, which is not to outlive it.
  setsid nohup "$@" >>"$STATE/log/$name.log" 2>&1 </dev/null 9>&- &
  echo "$! $(start_of $!)" >"$STATE/run/$name.pid"
}

# start_wsgi NAME PORT SCRIPT [ARGUMENTS]: as Debian's own uwsgi files do, but on loopback; PROCESSES and THREADS may be set.
start_wsgi() {
  local name=$1 port=$2 script=$3 arguments=${4:-}
  cat >"$STATE/etc/$name-uwsgi.ini" <<INI
[uwsgi]
plugins = python3
http-socket = $HOST:$port
wsgi-file = $script
${arguments:+pyargv = $arguments}
processes = ${PROCESSES:-1}
threads = ${THREADS:-8}
master = true
lazy-apps = true
enable-threads = true
no-orphans = true
die-on-term = true
need-app = true
buffer-size = 65535
# http-socket ends a connection after its answer: said to the client, or it meets a reset.
add-header = Connection: close
disable-logging = true
INI
  start "$name" "$port" uwsgi_python3 --ini "$STATE/etc/$name-uwsgi.ini"
}

# wait_until NAME SECONDS COMMAND...: until the command succeeds; ends everything when NAME ends first.
wait_until() {
  local name=$1 ends=$((SECONDS + $2))
  shift 2
  until "$@"; do
    if ! pid_of "$name" >/dev/null; then
      tail -n 30 "$STATE/log/$name.log" >&2
      die "$name ended; its log is $STATE/log/$name.log"
    fi
    if [ "$SECONDS" -ge "$ends" ]; then
      tail -n 30 "$STATE/log/$name.log" >&2
      die "$name is not ready; its log is $STATE/log/$name.log"
    fi
    sleep 0.3
  done
}

# answers URL: by anything but silence and a 5xx.
answers() {
  local status
  status=$(curl --silent --output /dev/null --max-time 20 --write-out '%{http_code}' "$1") || true
  case $status in [1234]??) return 0 ;; *) return 1 ;; esac
}

# stop NAME: the process, then what is left of its group.
stop() {
  local name=$1 pid tries
  if pid=$(pid_of "$name"); then
    say "stop $name"
    kill -TERM "$pid" 2>/dev/null
    for ((tries = 0; tries < 75; tries++)); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.2
    done
    kill -KILL -- "-$pid" 2>/dev/null
  fi
  rm -f "$STATE/run/$name.pid"
}

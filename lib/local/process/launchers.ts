import { supervise } from "./process.ts";

/** Aborted when what launched this program is gone; dispose of it to stop watching. */
export interface LauncherWatch extends AsyncDisposable {
  readonly signal: AbortSignal;
}

/**
 * Watches the launchers above this program: npx, npm, node, `deno task` and the shells between
 * them. When one of them is killed with SIGKILL it can't tell the programs below, which would work
 * on with nobody to stop them. Looks once a second.
 *
 * A terminal's shell, or whatever else started the launchers, is not watched: `nohup` and `&` mean
 * what they always mean.
 */
export async function watchLaunchers(): Promise<LauncherWatch> {
  const gone = new AbortController();
  const watcher = await supervise(["sh", "-c", WATCH, "sh", String(Deno.pid)], {
    output: "/dev/null",
  });
  let watching = true;
  watcher.exited.then(() => {
    if (watching) gone.abort(new Error("What launched this program is gone"));
  });
  return {
    signal: gone.signal,
    async [Symbol.asyncDispose]() {
      watching = false;
      await watcher[Symbol.asyncDispose]();
    },
  };
}

/**
 * Ends when a process of the chain has another parent than at the start. (`deno task` sets INIT_CWD
 * for what it starts, npx sets npm_command. Whether the parent still exists says less: it stays a
 * zombie until its own parent asks.) `ps` is not everywhere, `/proc` neither; variables instead of
 * `$(…)`, which would start a process each.
 */
const WATCH = `
parent_of() {
  parent=
  if [ -d /proc/self ]; then
    while read -r key value; do
      if [ "$key" = PPid: ]; then parent=$value; fi
    done <"/proc/$1/status"
  else
    parent=$(ps -o ppid= -p "$1" | tr -d ' ')
  fi
}
is_launcher() {
  if [ -d /proc/self ]; then words=$(tr '\\0' ' ' <"/proc/$1/cmdline")
  else words=$(ps -ww -o args= -p "$1")
  fi
  program=\${words%% *}
  case "\${program##*/}" in
    deno | node | npm | npx) return 0 ;;
    sh | dash | bash | zsh) case "$words" in *" -c "*deno*) return 0 ;; esac ;;
  esac
  return 1
}
pid=$1
chain=
# A container's first process, 1, may be a launcher too.
while parent_of "$pid"; [ "\${parent:-0}" -gt 0 ] && is_launcher "$parent"; do
  chain="$chain $pid:$parent"
  pid=$parent
done
# Killed before this first look: the environment still names the launcher that is missing.
if [ "$parent" = 1 ]; then
  if [ -n "$INIT_CWD" ] && [ "$pid" = "$1" ]; then exit 0; fi
  is_launcher "$pid"
  case "\${program##*/}" in
    npm | npx | node) ;;
    *) if [ -n "$npm_command" ]; then exit 0; fi ;;
  esac
fi
while :; do
  for link in $chain; do
    parent_of "\${link%:*}"
    if [ "$parent" != "\${link#*:}" ]; then exit 0; fi
  done
  sleep 1
done
`;

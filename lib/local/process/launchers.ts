import { supervise } from "./process.ts";

/** A watch of the launchers of this program. Disposing ends it. */
export interface LauncherWatch extends AsyncDisposable {
  /** Aborted when a launcher is gone. */
  readonly signal: AbortSignal;
}

/**
 * Watches the launchers above this program: npx, npm, node, `deno task` and the shells between
 * them. If one is killed with SIGKILL, it cannot stop the programs below it, which would run on
 * unattended. Checks once a second.
 *
 * A terminal's shell, or anything else that started the launchers, is not watched: `nohup` and `&`
 * work as usual.
 */
export async function watchLaunchers(): Promise<LauncherWatch> {
  const gone = new AbortController();
  const watcher = await supervise(["sh", "-c", WATCH, "sh", String(Deno.pid)], {
    output: "/dev/null",
  });
  let watching = true;
  watcher.exited.then(() => {
    if (watching) gone.abort(new Error("The program that launched this one is gone"));
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
 * The script that watches. It ends when a process of the chain has another parent than at the
 * start. (`deno task` sets INIT_CWD for its children, npx sets npm_command. Whether the parent
 * exists proves less: it stays a zombie until its own parent collects it.) `ps` is not everywhere,
 * and neither is `/proc`. Variables are used instead of `$(…)`, which would start a process each.
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

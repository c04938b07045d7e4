import { type Kernel, KernelMessage as Wire } from '@jupyterlab/services';

const WAIT = 2_000; // milliseconds
const GONE: ReadonlySet<Kernel.Status> = new Set(['restarting', 'autorestarting', 'terminating', 'dead']);

const known = new WeakMap<Kernel.IKernelConnection, Promise<string | undefined>>();

/**
 * The subshell that all panels of a kernel share, made with the first of them; undefined where the kernel makes none.
 *
 * JupyterLab would make one for each comm target, and counts its comms. Comms from before a restart are counted off the
 * subshell that was made after it, which is deleted then while it is in use (@jupyterlab/services 7.6): what is sent to it is
 * never answered. So it is ours, asked for on the control channel, which answers while a cell runs, and forgotten when
 * the kernel restarts.
 */
export function subshellOf(kernel: Kernel.IKernelConnection): Promise<string | undefined> {
  const before = known.get(kernel);
  if (before !== undefined) {
    return before;
  }
  const made = make(kernel);
  known.set(kernel, made);
  const forget = (): void => {
    if (known.get(kernel) === made) {
      known.delete(kernel);
    }
  };
  const onStatus = (_: unknown, status: Kernel.Status): void => {
    if (GONE.has(status)) {
      kernel.statusChanged.disconnect(onStatus);
      forget();
    }
  };
  kernel.statusChanged.connect(onStatus);
  void made.then(id => id === undefined && forget());
  return made;
}

async function make(kernel: Kernel.IKernelConnection): Promise<string | undefined> {
  const { username, clientId: session } = kernel;
  const request = Wire.createMessage({ msgType: 'create_subshell_request', channel: 'control', username, session, content: {} });
  try {
    const reply = await soon(kernel.sendControlMessage(request, true, true).done, WAIT);
    return (reply?.content as { subshell_id?: string } | undefined)?.subshell_id;
  } catch {
    return undefined; // the kernel restarts, or knows no such request
  }
}

/** What a promise gives, or undefined where that takes longer. */
export function soon<Value>(promise: Promise<Value> | undefined, milliseconds: number): Promise<Value | undefined> {
  return Promise.race([promise, new Promise<undefined>(resolve => setTimeout(resolve, milliseconds))]);
}

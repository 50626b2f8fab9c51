/**
 * The directives of nginx's core and event modules. Every one is read and checked as nginx does. Some steer what Node
 * or the kernel decides by itself: those that change nothing an operator would notice are accepted in silence, as nginx
 * accepts what its platform has no use for; the others warn.
 */
import { duration, integer, listOf, offset, onOff, oneOf, optional } from '../config/codec.js';
import { text } from '../config/codec.js';
import { block, slot } from '../config/directive.js';
import { defineModule } from '../module/module.js';
import { connectionCount, debugConnection, eventMethod } from './event-codecs.js';
import { cpuAffinity } from './cpu-affinity.js';
import { environment, priority, processFile, processUser, workerProcesses } from './main-codecs.js';
import { threadPools } from './thread-pool.js';

const main = ['main'] as const;
const events = ['events'] as const;

/** nginx's `ngx_core_module`: processes, privileges, files. */
export const coreModule = defineModule({
  name: 'core',
  api: 1,
  directives: {
    user: slot('user', processUser, {
      levels: main,
      default: undefined,
      defaultText: 'nobody nobody',
      about: 'Sets the user and group of worker processes.',
    }),
    worker_processes: slot('workerProcesses', workerProcesses, {
      levels: main,
      default: 1,
      about: 'Sets the number of worker processes.',
    }),
    worker_rlimit_nofile: slot('rlimitNofile', optional(integer), {
      levels: main,
      default: undefined,
      about: 'Sets the limit of open files of worker processes.',
    }),
    worker_rlimit_core: slot('rlimitCore', optional(offset), {
      levels: main,
      default: undefined,
      about: 'Sets the limit of the size of core files of worker processes.',
    }),
    worker_shutdown_timeout: slot('shutdownTimeoutMs', duration, {
      levels: main,
      default: 0,
      defaultText: '0s',
      about: 'Sets the time after which a graceful shutdown closes open sessions; 0 waits.',
    }),
    worker_stall_timeout: slot('stallTimeoutMs', duration, {
      levels: main,
      default: 10_000,
      defaultText: '10s',
      about:
        'Sets the time after which a worker process that does not respond is killed and replaced; 0 waits.',
    }),
    worker_priority: slot('priority', priority, {
      levels: main,
      default: 0,
      about: 'Sets the scheduling priority of worker processes, as nice does.',
    }),
    worker_cpu_affinity: slot('cpuAffinity', cpuAffinity, {
      levels: main,
      default: { isAuto: false, masks: [] },
      defaultText: '—',
      about:
        'Binds each worker process to the CPUs of a mask, or with auto to one CPU, where the command taskset is there.',
    }),
    pid: slot('pid', processFile, {
      levels: main,
      default: undefined,
      defaultText: 'logs/nginx.pid',
      about: 'Sets the file that keeps the number of the main process.',
    }),
    lock_file: slot('lockFile', processFile, {
      levels: main,
      default: undefined,
      defaultText: 'logs/nginx.lock',
      about: 'Has no effect, as in nginx where the processor has atomic operations.',
    }),
    daemon: slot('daemon', onOff, {
      levels: main,
      default: true,
      defaultText: 'on',
      about: 'Says whether to become a daemon.',
    }),
    master_process: slot('masterProcess', onOff, {
      levels: main,
      default: true,
      defaultText: 'on',
      about: 'Says whether worker processes are started.',
    }),
    term_signal: slot('termSignal', oneOf('fast', 'quit'), {
      levels: main,
      default: 'fast',
      about:
        'Says what signal TERM does: end sessions at once, or wait for their end as QUIT does, for containers whose host knows TERM only.',
    }),
    env: slot('env', environment, {
      levels: main,
      default: [],
      defaultText: 'TZ',
      about: 'Keeps or sets a variable of the environment in worker processes.',
    }),
    working_directory: slot('workingDirectory', optional(text), {
      levels: main,
      default: undefined,
      about: 'Sets the current directory of worker processes.',
    }),
    debug_points: slot('debugPoints', optional(oneOf('stop', 'abort')), {
      levels: main,
      default: undefined,
      about: 'Has no effect: there are no debug points.',
    }),
    timer_resolution: slot('timerResolutionMs', duration, {
      levels: main,
      default: 0,
      defaultText: '—',
      about: 'Has no effect: the event loop reads the clock once per turn.',
    }),
    thread_pool: slot('threadPools', threadPools, {
      levels: main,
      default: [],
      defaultText: 'default threads=32 max_queue=65536',
      about: 'Has no effect, as in a mail proxy of nginx: nothing uses thread pools.',
    }),
    pcre_jit: slot('pcreJit', onOff, {
      levels: main,
      default: false,
      defaultText: 'off',
      about: 'Has no effect: no directive takes a regular expression.',
    }),
  },
});

/** nginx's `ngx_events_module`, `ngx_event_core_module` and `ngx_epoll_module`. */
export const eventsModule = defineModule({
  name: 'events',
  api: 1,
  directives: {
    events: block({
      levels: main,
      opens: 'events',
      once: true,
      about: 'Holds the settings of connection processing. Mandatory, may be empty.',
    }),
    worker_connections: slot('workerConnections', connectionCount, {
      levels: events,
      default: 512,
      about:
        'Sets the largest number of simultaneous connections of a worker, those to backends and auth servers included.',
    }),
    use: slot('use', optional(eventMethod), {
      levels: events,
      default: undefined,
      defaultText: 'the best the system has',
      about: 'Names the method of connection processing; only the one of the system is there.',
    }),
    multi_accept: slot('multiAccept', onOff, {
      levels: events,
      default: false,
      defaultText: 'off',
      about: 'Has no effect: the event loop accepts as many connections as are waiting.',
    }),
    accept_mutex: slot('acceptMutex', onOff, {
      levels: events,
      default: false,
      defaultText: 'off',
      about: 'Has no effect: the kernel gives a connection to one worker.',
    }),
    accept_mutex_delay: slot('acceptMutexDelayMs', duration, {
      levels: events,
      default: 500,
      defaultText: '500ms',
      about: 'Sets the pause after the limit of open files was reached.',
    }),
    debug_connection: slot('debugConnection', listOf(debugConnection), {
      levels: events,
      default: [],
      defaultText: '—',
      about: 'Has no effect, as in nginx built without debugging.',
    }),
    epoll_events: slot('epollEvents', integer, {
      levels: events,
      default: 512,
      about: 'Has no effect: the event loop chooses how many events it takes at a time.',
    }),
    worker_aio_requests: slot('aioRequests', integer, {
      levels: events,
      default: 32,
      about: 'Has no effect: a mail proxy reads no files asynchronously.',
    }),
  },
});

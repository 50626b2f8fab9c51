/**
 * What a process of the command is there for. The command starts itself as its daemon and as its workers, so that a
 * bundle or one executable needs nothing beside it; a variable of the environment tells them apart.
 */

/** `command`: started by somebody else. `daemon`: by the command, to stay behind. `worker`: by a master. */
export type Role = 'command' | 'daemon' | 'worker';

const variable = 'POSTERN_ROLE';

/** The role that `environment` names, which is taken out so that no child inherits it. */
export function takeRole(environment: NodeJS.ProcessEnv): Role {
  const value = environment[variable];
  Reflect.deleteProperty(environment, variable);
  return value === 'daemon' || value === 'worker' ? value : 'command';
}

/** Whether `environment` names a role: the process was started by the command. */
export function hasRole(environment: NodeJS.ProcessEnv): boolean {
  return environment[variable] !== undefined;
}

/** `environment` for a process of another role. */
export function withRole(environment: NodeJS.ProcessEnv, role: Role): NodeJS.ProcessEnv {
  return { ...environment, [variable]: role };
}

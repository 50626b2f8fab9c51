import { describe, expect, it } from 'vitest';
import { checkConfiguration } from './configuration.js';
import { readDockerfile } from './dockerfile.js';
import { contrib } from './files.js';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const list = JSON.parse(contrib('kubernetes/postern.json')) as { readonly items: readonly Json[] };

/** The value at a path of keys and indexes; `undefined` where there is none. */
function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  return path.reduce<Json | undefined>((inner, key) => {
    if (typeof inner !== 'object' || inner === null) return undefined;
    return (inner as Readonly<Record<string | number, Json>>)[key];
  }, value);
}

const ofKind = (kind: string) => list.items.find((item) => at(item, 'kind') === kind);

/** Fields of the API that the manifest may use, by the path of the object; `*` stands for any name or index. */
const fields: readonly (readonly [path: string, names: string])[] = [
  ['', 'apiVersion kind metadata spec data'],
  ['metadata', 'name labels annotations'],
  ['spec', 'replicas selector strategy template type ports maxUnavailable'],
  ['spec.strategy', 'type rollingUpdate'],
  ['spec.strategy.rollingUpdate', 'maxUnavailable maxSurge'],
  ['spec.template', 'metadata spec'],
  ['spec.template.metadata', 'labels'],
  [
    'spec.template.spec',
    'automountServiceAccountToken enableServiceLinks terminationGracePeriodSeconds securityContext containers volumes',
  ],
  [
    'spec.template.spec.securityContext',
    'runAsNonRoot runAsUser runAsGroup fsGroup seccompProfile',
  ],
  ['spec.template.spec.securityContext.seccompProfile', 'type'],
  [
    'spec.template.spec.containers.*',
    'name image ports securityContext resources startupProbe readinessProbe livenessProbe lifecycle volumeMounts',
  ],
  ['spec.template.spec.containers.*.ports.*', 'name containerPort'],
  [
    'spec.template.spec.containers.*.securityContext',
    'allowPrivilegeEscalation readOnlyRootFilesystem capabilities',
  ],
  ['spec.template.spec.containers.*.securityContext.capabilities', 'drop'],
  ['spec.template.spec.containers.*.resources', 'requests limits'],
  ['spec.template.spec.containers.*.resources.*', 'cpu memory'],
  [
    'spec.template.spec.containers.*.*Probe',
    'tcpSocket exec periodSeconds timeoutSeconds failureThreshold',
  ],
  ['spec.template.spec.containers.*.*Probe.tcpSocket', 'port'],
  ['spec.template.spec.containers.*.*Probe.exec', 'command'],
  ['spec.template.spec.containers.*.lifecycle', 'preStop'],
  ['spec.template.spec.containers.*.lifecycle.preStop', 'exec'],
  ['spec.template.spec.containers.*.lifecycle.preStop.exec', 'command'],
  ['spec.template.spec.containers.*.volumeMounts.*', 'name mountPath readOnly'],
  ['spec.template.spec.volumes.*', 'name configMap emptyDir'],
  ['spec.template.spec.volumes.*.configMap', 'name'],
  ['spec.template.spec.volumes.*.emptyDir', 'medium sizeLimit'],
  ['spec.ports.*', 'name port targetPort'],
];

/** Objects whose keys are names of the user's own. */
const free = /(?:labels|matchLabels|annotations|data|selector)$/;

function fieldsAt(path: string): string | undefined {
  const steps = path.split('.');
  return fields.find(([form]) => {
    const wanted = form.split('.');
    return (
      wanted.length === steps.length &&
      wanted.every((step, index) =>
        step.startsWith('*') ? steps[index]?.endsWith(step.slice(1)) : step === steps[index],
      )
    );
  })?.[1];
}

/** Paths of fields that the API does not have, or that this test does not know. */
function unknownFields(value: Json, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const names = Array.isArray(value) || free.test(path) ? undefined : (fieldsAt(path) ?? '');
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = path === '' ? key : `${path}.${key}`;
    const isKnown = names === undefined || names.split(' ').includes(key);
    return [...(isKnown ? [] : [here]), ...unknownFields(inner, here)];
  });
}

const pod = at(ofKind('Deployment'), 'spec', 'template', 'spec');
const container = at(pod, 'containers', 0);
const text = at(ofKind('ConfigMap'), 'data', 'postern.conf');
const configuration = typeof text === 'string' ? text : '';

describe('the example for Kubernetes', () => {
  it('is of the kinds and versions of the API', () => {
    const kinds = list.items.map((item) => [at(item, 'apiVersion'), at(item, 'kind')]);
    expect(kinds).toEqual([
      ['v1', 'ConfigMap'],
      ['apps/v1', 'Deployment'],
      ['v1', 'Service'],
      ['policy/v1', 'PodDisruptionBudget'],
    ]);
  });

  it('has only fields that the API knows', () => {
    expect(list.items.flatMap((item) => unknownFields(item))).toEqual([]);
  });

  it('selects its own pods', () => {
    const labels = at(ofKind('Deployment'), 'spec', 'template', 'metadata', 'labels');
    expect(at(ofKind('Deployment'), 'spec', 'selector', 'matchLabels')).toEqual(labels);
    expect(at(ofKind('Service'), 'spec', 'selector')).toEqual(labels);
    expect(at(ofKind('PodDisruptionBudget'), 'spec', 'selector', 'matchLabels')).toEqual(labels);
  });

  it('M12: runs as the user of the image, without rights, on a root that cannot be written', () => {
    const users = readDockerfile(contrib('docker/Dockerfile')).filter(
      ({ name }) => name === 'USER',
    );
    const [user, group] = (users[0]?.text ?? '').split(':').map(Number);
    expect(at(pod, 'securityContext')).toMatchObject({ runAsUser: user, runAsGroup: group });
    expect(at(pod, 'securityContext', 'runAsNonRoot')).toBe(true);
    expect(at(container, 'securityContext')).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('lets sessions end before the pod is killed', () => {
    const grace = Number(at(pod, 'terminationGracePeriodSeconds'));
    const command = at(container, 'lifecycle', 'preStop', 'exec', 'command');
    const [, wait] = Array.isArray(command) ? (command as readonly string[]) : [];
    const shutdown = Number(/worker_shutdown_timeout +(\d+)s;/.exec(configuration)?.[1]);
    expect(shutdown + Number(wait)).toBeLessThan(grace);
  });

  it('probes and publishes ports that the configuration opens', () => {
    const ports = at(container, 'ports') as readonly { name: string; containerPort: number }[];
    for (const { containerPort } of ports) {
      expect(configuration).toContain(`listen  ${String(containerPort)} proxy_protocol;`);
    }
    const published = at(ofKind('Service'), 'spec', 'ports') as readonly { targetPort: string }[];
    expect(published.map(({ targetPort }) => targetPort)).toEqual(ports.map(({ name }) => name));
    expect(at(container, 'startupProbe', 'tcpSocket', 'port')).toBe(ports[0]?.name);
    expect(at(container, 'readinessProbe', 'exec', 'command')).toEqual([
      ...['node', '/app/healthcheck.mjs'],
      ...[String(ports[0]?.containerPort), 'proxy'],
    ]);
  });

  it('mounts volumes that it has, and what is written is among them', () => {
    const volumes = at(pod, 'volumes') as readonly { name: string }[];
    const mounts = at(container, 'volumeMounts') as readonly { name: string; mountPath: string }[];
    expect(mounts.map(({ name }) => name)).toEqual(volumes.map(({ name }) => name));
    expect(mounts.map(({ mountPath }) => mountPath)).toEqual(['/etc/postern', '/run/postern']);
    expect(configuration).toMatch(/^pid +\/run\/postern\//m);
  });

  it('has a configuration that postern takes', async () => {
    await checkConfiguration(configuration);
  });
});

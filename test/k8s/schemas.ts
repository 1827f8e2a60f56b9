import { ScaledObject, TriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Service, ServiceAccount } from 'kubernetes-models/v1';
import type { KubeObject } from './kustomize.ts';

/** Schemas made from the OpenAPI documents of Kubernetes and from the CRDs of KEDA. */
const MODELS: Readonly<Record<string, { readonly prototype: { validate(): void } }>> = {
  'apps/v1 Deployment': Deployment,
  'v1 ConfigMap': ConfigMap,
  'v1 Service': Service,
  'v1 ServiceAccount': ServiceAccount,
  'policy/v1 PodDisruptionBudget': PodDisruptionBudget,
  'keda.sh/v1alpha1 ScaledObject': ScaledObject,
  'keda.sh/v1alpha1 TriggerAuthentication': TriggerAuthentication,
};

/** What is wrong with an object: how it fails its schema, or the paths of fields that the schema does not have. */
export function faultsOf(object: KubeObject): readonly string[] {
  const model = MODELS[`${object.apiVersion} ${object.kind}`];
  if (model === undefined) return [`There is no schema of ${object.apiVersion} ${object.kind}`];
  const { watched, unread } = watch(object);
  try {
    model.prototype.validate.call(watched);
  } catch (error) {
    return [String(error)];
  }
  return unread();
}

/**
 * The schemas let unknown fields pass, as an API server does that then drops them. A validator reads every field that its schema
 * has, or lists the keys of a mapping: what it has neither read nor listed is a mistyped name.
 */
function watch(root: object): { watched: object; unread(): string[] } {
  const paths = new Set<string>();
  const wrap = (value: object, path: string): object => {
    for (const key of Object.keys(value)) paths.add(`${path}/${key}`);
    return new Proxy(value, {
      get(target, key) {
        const inner = Reflect.get(target, key) as unknown;
        if (typeof key === 'symbol') return inner;
        paths.delete(`${path}/${key}`);
        return typeof inner === 'object' && inner !== null ? wrap(inner, `${path}/${key}`) : inner;
      },
      ownKeys(target) {
        for (const key of Object.keys(target)) paths.delete(`${path}/${key}`);
        return Reflect.ownKeys(target);
      },
    });
  };
  return { watched: wrap(root, ''), unread: () => [...paths] };
}

/**
 * The service integrations that AWS knows as `arn:<partition>:states:::<service>:<action>`, with the patterns that each
 * takes beside request-response: s is .sync, 2 is .sync:2, t is .waitForTaskToken ("Optimized integrations" in the Step
 * Functions developer guide).
 */
const OPTIMIZED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  apigateway: { invoke: 't' },
  athena: { startQueryExecution: 's', stopQueryExecution: '', getQueryExecution: '', getQueryResults: '' },
  batch: { submitJob: 's' },
  bedrock: { createModelCustomizationJob: 's', invokeModel: '' },
  codebuild: { startBuild: 's', stopBuild: '', batchDeleteBuilds: '', batchGetReports: '', startBuildBatch: 's', stopBuildBatch: '', retryBuildBatch: 's', deleteBuildBatch: '' },
  databrew: { startJobRun: 's' },
  dynamodb: { getItem: '', putItem: '', deleteItem: '', updateItem: '' },
  ecs: { runTask: 'st' },
  eks: { call: '', createCluster: 's', deleteCluster: 's', createFargateProfile: 's', deleteFargateProfile: 's', createNodegroup: 's', deleteNodegroup: 's', runJob: 's' },
  elasticmapreduce: {
    createCluster: 's', setClusterTerminationProtection: '', terminateCluster: 's', addStep: 's', cancelStep: '', modifyInstanceFleetByName: '', modifyInstanceGroupByName: '',
  },
  'emr-containers': { createVirtualCluster: '', deleteVirtualCluster: 's', startJobRun: 's' },
  'emr-serverless': { createApplication: 's', startApplication: 's', stopApplication: 's', deleteApplication: 's', startJobRun: 's', cancelJobRun: 's' },
  events: { putEvents: 't' },
  glue: { startJobRun: 's' },
  http: { invoke: '' },
  lambda: { invoke: 't' },
  mediaconvert: { createJob: 's' },
  sagemaker: {
    createTrainingJob: 's', createTransformJob: 's', createHyperParameterTuningJob: 's', createLabelingJob: 's', createProcessingJob: 's',
    createEndpoint: '', createEndpointConfig: '', createModel: '', updateEndpoint: '',
  },
  sns: { publish: 't' },
  sqs: { sendMessage: 't' },
  states: { startExecution: 's2t' },
};

const PATTERN_KEYS: Readonly<Record<string, string>> = { '': '', '.sync': 's', '.sync:2': '2', '.waitForTaskToken': 't' };
const INTEGRATION = /^arn:[^:]+:states:::(?:(aws-sdk):)?([^:]+):([A-Za-z0-9]+)(\.sync:2|\.sync|\.waitForTaskToken)?$/;

/** How a service integration is called; undefined when the ARN is none that AWS knows. */
export function integrationPattern(resource: string): string | undefined {
  const match = INTEGRATION.exec(resource);
  if (match === null) return undefined;
  const [, sdk, service = '', action = '', pattern = ''] = match;
  // Hundreds of services stand behind aws-sdk; their names and actions are only judged by form.
  if (sdk !== undefined) return /^[a-z0-9]+$/.test(service) && /^[a-z][A-Za-z0-9]*$/.test(action) && !pattern.startsWith('.sync') ? pattern : undefined;
  const actions = Object.hasOwn(OPTIMIZED, service) ? OPTIMIZED[service]! : {};
  if (!Object.hasOwn(actions, action)) return undefined;
  return actions[action]!.includes(PATTERN_KEYS[pattern]!) ? pattern : undefined;
}

/** Names of services and actions, for "did you mean". */
export const knownIntegrations = (): string[] => Object.entries(OPTIMIZED).flatMap(([service, actions]) => Object.keys(actions).map((action) => `arn:aws:states:::${service}:${action}`));

import { any, boolean, booleans, list, map, number, numbers, oneOf, string, strings, structure, within, type Shape } from './result-shape.ts';

/** A DynamoDB attribute value; nested ones are not followed further. */
const attribute = structure({ ...strings('S', 'N', 'B'), ...booleans('BOOL', 'NULL'), SS: list(string), NS: list(string), BS: list(string), L: list(any), M: map(any) });
const item = map(attribute);
const capacity = structure({ TableName: string, ...numbers('CapacityUnits', 'ReadCapacityUnits', 'WriteCapacityUnits') });
const metrics = structure({ ItemCollectionKey: item, SizeEstimateRangeGB: list(number) });
const written = structure({ Attributes: item, ConsumedCapacity: capacity, ItemCollectionMetrics: metrics });
const read = structure({ Items: list(item), ...numbers('Count', 'ScannedCount'), LastEvaluatedKey: item, ConsumedCapacity: capacity });

const storageClass = oneOf('STANDARD', 'REDUCED_REDUNDANCY', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER', 'DEEP_ARCHIVE', 'OUTPOSTS', 'GLACIER_IR', 'SNOW', 'EXPRESS_ONEZONE', 'FSX_OPENZFS', 'FSX_ONTAP');
const serverSideEncryption = oneOf('AES256', 'aws:fsx', 'aws:kms', 'aws:kms:dsse');
const checksums = strings('ChecksumCRC32', 'ChecksumCRC32C', 'ChecksumCRC64NVME', 'ChecksumSHA1', 'ChecksumSHA256');
const objectMembers: Record<string, Shape> = {
  ...strings('AcceptRanges', 'Expiration', 'Restore', 'LastModified', 'ETag', 'VersionId', 'CacheControl', 'ContentDisposition', 'ContentEncoding', 'ContentLanguage', 'ContentType'),
  ...strings('WebsiteRedirectLocation', 'SSECustomerAlgorithm', 'SSECustomerKeyMD5', 'SSEKMSKeyId', 'ObjectLockRetainUntilDate'),
  ...checksums,
  ...numbers('ContentLength', 'MissingMeta', 'PartsCount', 'TagCount'),
  ...booleans('DeleteMarker', 'BucketKeyEnabled'),
  ServerSideEncryption: serverSideEncryption,
  StorageClass: storageClass,
  ReplicationStatus: oneOf('COMPLETE', 'PENDING', 'FAILED', 'REPLICA', 'COMPLETED'),
  ObjectLockMode: oneOf('GOVERNANCE', 'COMPLIANCE'),
  ObjectLockLegalHoldStatus: oneOf('ON', 'OFF'),
  RequestCharged: oneOf('requester'),
  Metadata: map(string),
};

const functionConfiguration = structure({
  ...strings('FunctionName', 'FunctionArn', 'Runtime', 'Role', 'Handler', 'Description', 'LastModified', 'CodeSha256', 'Version', 'KMSKeyArn', 'MasterArn', 'RevisionId', 'State', 'StateReason'),
  ...strings('LastUpdateStatus', 'LastUpdateStatusReason', 'SigningProfileVersionArn', 'SigningJobArn'),
  CodeSize: number,
  Timeout: within(1),
  MemorySize: within(128, 10_240),
  PackageType: oneOf('Zip', 'Image'),
  Architectures: list(oneOf('x86_64', 'arm64')),
  EphemeralStorage: structure({ Size: within(512, 10_240) }, 'Size'),
  TracingConfig: structure({ Mode: oneOf('Active', 'PassThrough') }),
  VpcConfig: structure({ SubnetIds: list(string), SecurityGroupIds: list(string), VpcId: string, Ipv6AllowedForDualStack: boolean }),
  DeadLetterConfig: structure({ TargetArn: string }),
  Environment: structure({ Variables: map(string), Error: structure(strings('ErrorCode', 'Message')) }),
  Layers: list(structure({ ...strings('Arn', 'SigningProfileVersionArn', 'SigningJobArn'), CodeSize: number })),
});

const executionStatus = oneOf('RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE');
const started = structure(strings('ExecutionArn', 'StartDate'), 'ExecutionArn', 'StartDate');
const putEvents = structure({ FailedEntryCount: number, Entries: list(structure(strings('EventId', 'ErrorCode', 'ErrorMessage'))) });
const encryptionAlgorithm = oneOf('SYMMETRIC_DEFAULT', 'RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256', 'SM2PKE');
const batchFailure = structure({ ...strings('Id', 'Code', 'Message'), SenderFault: boolean }, 'Id', 'SenderFault', 'Code');
const invoked = { StatusCode: number, ...strings('FunctionError', 'LogResult', 'ExecutedVersion') };

/** What the actions met most answer, by `service:action`; one line each. Facts of the services' public API models. */
export const RESULT_SHAPES: Readonly<Record<string, Shape>> = {
  'states:startExecution': started,
  'states:startSyncExecution': structure({ ...strings('ExecutionArn', 'StateMachineArn', 'Name', 'StartDate', 'StopDate', 'Error', 'Cause', 'TraceHeader'), Status: oneOf('SUCCEEDED', 'FAILED', 'TIMED_OUT'), Input: any, Output: any }, 'ExecutionArn', 'StartDate', 'StopDate', 'Status'),
  'states:describeExecution': structure({ ...strings('ExecutionArn', 'StateMachineArn', 'Name', 'StartDate', 'StopDate', 'Error', 'Cause', 'TraceHeader', 'MapRunArn'), Status: executionStatus, Input: any, Output: any }, 'ExecutionArn', 'StateMachineArn', 'Status', 'StartDate'),
  'states:stopExecution': structure(strings('StopDate'), 'StopDate'),
  'lambda:invoke': structure({ ...invoked, Payload: any }),
  'lambda:getFunction': structure({ Configuration: functionConfiguration, Code: structure(strings('RepositoryType', 'Location', 'ImageUri', 'ResolvedImageUri', 'SourceKMSKeyArn')), Tags: map(string), Concurrency: structure({ ReservedConcurrentExecutions: within(0) }) }),
  'lambda:getFunctionConfiguration': functionConfiguration,
  'lambda:listFunctions': structure({ NextMarker: string, Functions: list(functionConfiguration) }),
  'events:putEvents': putEvents,
  'sqs:sendMessage': structure(strings('MD5OfMessageBody', 'MD5OfMessageAttributes', 'MD5OfMessageSystemAttributes', 'MessageId', 'SequenceNumber')),
  'sqs:sendMessageBatch': structure({ Successful: list(structure(strings('Id', 'MessageId', 'MD5OfMessageBody', 'MD5OfMessageAttributes', 'SequenceNumber'), 'Id', 'MessageId', 'MD5OfMessageBody')), Failed: list(batchFailure) }, 'Successful', 'Failed'),
  'sqs:receiveMessage': structure({ Messages: list(structure({ ...strings('MessageId', 'ReceiptHandle', 'MD5OfBody', 'Body', 'MD5OfMessageAttributes'), Attributes: map(string), MessageAttributes: map(any) })) }),
  'sns:publish': structure(strings('MessageId', 'SequenceNumber')),
  'dynamodb:getItem': structure({ Item: item, ConsumedCapacity: capacity }),
  'dynamodb:putItem': written,
  'dynamodb:updateItem': written,
  'dynamodb:deleteItem': written,
  'dynamodb:query': read,
  'dynamodb:scan': read,
  's3:getObject': structure({ Body: string, ContentRange: string, TagCount: number, ...objectMembers }),
  's3:headObject': structure({ ArchiveStatus: oneOf('ARCHIVE_ACCESS', 'DEEP_ARCHIVE_ACCESS'), ...objectMembers }),
  's3:putObject': structure({ ...strings('Expiration', 'ETag', 'VersionId', 'SSECustomerAlgorithm', 'SSECustomerKeyMD5', 'SSEKMSKeyId', 'SSEKMSEncryptionContext'), ...checksums, ServerSideEncryption: serverSideEncryption, BucketKeyEnabled: boolean, Size: number }),
  's3:deleteObject': structure({ DeleteMarker: boolean, VersionId: string, RequestCharged: oneOf('requester') }),
  's3:listObjectsV2': structure({ IsTruncated: boolean, ...strings('Name', 'Prefix', 'Delimiter', 'ContinuationToken', 'NextContinuationToken', 'StartAfter'), ...numbers('MaxKeys', 'KeyCount'), Contents: list(structure({ ...strings('Key', 'LastModified', 'ETag', 'StorageClass'), Size: number })), CommonPrefixes: list(structure(strings('Prefix'))) }),
  'kms:encrypt': structure({ ...strings('CiphertextBlob', 'KeyId'), EncryptionAlgorithm: encryptionAlgorithm }),
  'kms:decrypt': structure({ ...strings('KeyId', 'Plaintext', 'CiphertextForRecipient'), EncryptionAlgorithm: encryptionAlgorithm }),
  'kms:generateDataKey': structure(strings('CiphertextBlob', 'Plaintext', 'KeyId', 'CiphertextForRecipient')),
  'secretsmanager:getSecretValue': structure({ ...strings('ARN', 'Name', 'VersionId', 'SecretBinary', 'SecretString', 'CreatedDate'), VersionStages: list(string) }),
  'ssm:getParameter': structure({ Parameter: structure({ ...strings('Name', 'Value', 'Selector', 'SourceResult', 'LastModifiedDate', 'ARN', 'DataType'), Type: oneOf('String', 'StringList', 'SecureString'), Version: number }) }),
  'sts:getCallerIdentity': structure(strings('UserId', 'Account', 'Arn')),
  'batch:submitJob': structure(strings('JobArn', 'JobName', 'JobId'), 'JobName', 'JobId'),
  'glue:startJobRun': structure(strings('JobRunId')),
  'athena:startQueryExecution': structure(strings('QueryExecutionId')),
  'ecs:runTask': structure({ Tasks: list(structure({ ...strings('TaskArn', 'ClusterArn', 'TaskDefinitionArn', 'LastStatus', 'DesiredStatus', 'Group', 'LaunchType') })), Failures: list(structure(strings('Arn', 'Reason', 'Detail'))) }),
};

/** Services that the SDK integration names otherwise than the optimised one. */
const SDK_SERVICES: Readonly<Record<string, string>> = { sfn: 'states', eventbridge: 'events' };

const SERVICE = /^arn:aws[\w-]*:states:[^:]*:[^:]*:(aws-sdk:)?(\w+):(\w+)$/;

/** The shape of what a Resource answers; undefined for one that is not known, or whose answer comes from elsewhere (callbacks, jobs). */
export function resultShape(resource: string): Shape | undefined {
  const [, sdk, service = '', action = ''] = SERVICE.exec(resource) ?? [];
  const key = `${sdk === undefined ? service : (SDK_SERVICES[service] ?? service)}:${action}`;
  return Object.hasOwn(RESULT_SHAPES, key) ? RESULT_SHAPES[key] : undefined;
}

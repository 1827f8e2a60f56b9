import { type Command, Option } from 'commander';
import type { CompressionName } from '../kafka/codecs.ts';
import { AFTER_LOAD } from './help-texts.ts';
import type { LoadFlags } from './load-plan.ts';
import type * as Targets from './load-targets.ts';
import type { BullmqFlags, HttpFlags, KafkaFlags, RedisStreamFlags } from './load-targets.ts';
import type { OpenSender } from './load.ts';
import { positiveInteger, wholeNumber } from './numbers.ts';

type Guarded = (name: string, action: () => Promise<number>) => Promise<void>;

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
const several = (flags: string, text: string): Option => new Option(flags, text).argParser(collect);
const count = (flags: string, text: string): Option => new Option(flags, text).argParser(positiveInteger);

/** What Kafka's own producer has since version 4; a request for every millisecond would keep the client busy with requests. */
const KAFKA_LINGER = '5ms';

/** Adds `load` and what events can be sent to. */
export function addLoad(program: Command, guarded: Guarded): void {
  const load = program.command('load').description('send events at a set rate, and measure what becomes of them').addHelpText('after', AFTER_LOAD);
  const command = (name: string, description: string): Command => load.command(name).description(description).addHelpText('after', AFTER_LOAD).showHelpAfterError(`(millrace load ${name} --help says more)`);
  const run = (name: string, flags: LoadFlags, opener: (targets: typeof Targets) => OpenSender): Promise<void> =>
    guarded(`load ${name}`, async () => {
      const { loadCommand } = await import('./load.ts');
      return loadCommand(flags, opener(await import('./load-targets.ts')));
    });

  const http = command('http', 'start executions over HTTP')
    .requiredOption('--url <url>', "the server's, or all of the path that is posted to")
    .option('--machine <name>', 'state machine; left out: the only one that the server has')
    .addOption(new Option('--mode <mode>', 'journaled starts, starts that wait for the end, or NDJSON of many events (default: async)').choices(['async', 'sync', 'bulk']))
    .addOption(count('--connections <n>', 'connections, each with one request at a time').default(64))
    .addOption(several('--header <header>', "'Name: value', for every request; may be given several times"));
  withLoad(withTls(http)).action((flags: LoadFlags & HttpFlags) => run('http', flags, ({ openHttp }) => openHttp(flags)));

  const kafka = command('kafka', 'produce to a Kafka topic')
    .option('--brokers <list>', 'host:port, several with commas')
    .option('--topic <name>', 'topic; it has to be there')
    .addOption(new Option('--acks <acks>', 'who has to have a record before it counts as taken').choices(['0', '1', 'all']).default('all'))
    .addOption(new Option('--compression <name>', 'compression').choices(['none', 'gzip', 'snappy', 'lz4', 'zstd'] satisfies CompressionName[]).default('none'))
    .addOption(several('--header <header>', "'Name: value', for every record; may be given several times"))
    .addOption(new Option('--sasl <mechanism>', 'how to authenticate').choices(['plain', 'scram-sha-256', 'scram-sha-512']))
    .option('--username <name>', 'user')
    .option('--password <text>', 'password; better in MILLRACE_LOAD_PASSWORD, where ps does not show it');
  withLoad(withTls(withSource(kafka)), KAFKA_LINGER).action((flags: LoadFlags & KafkaFlags) => run('kafka', flags, ({ openKafka }) => openKafka(flags)));

  const redis = command('redis', 'append to a Redis stream')
    .option('--stream <key>', 'stream')
    .addOption(count('--max-length <n>', 'keep the stream about so long (MAXLEN ~)'))
    .option('--field <name>', 'field of the event (default: event)')
    .option('--key-field <name>', 'field of the key (default: key)');
  withLoad(withTls(withRedis(redis))).action((flags: LoadFlags & RedisStreamFlags) => run('redis', flags, ({ openRedisStream }) => openRedisStream(flags)));

  const bullmq = command('bullmq', 'add jobs to a BullMQ queue')
    .option('--queue <name>', 'queue')
    .option('--prefix <text>', 'prefix of its keys (default: bull)')
    .option('--job-name <name>', 'name of the jobs', 'load');
  withLoad(withTls(withRedis(bullmq))).action((flags: LoadFlags & BullmqFlags) => run('bullmq', flags, ({ openBullmq }) => openBullmq(flags)));
}

const withSource = (command: Command): Command =>
  command.option('-s, --source <name>', 'send to what this source of the configuration reads').option('-c, --config <file>', 'configuration');

const withRedis = (command: Command): Command =>
  withSource(
    command
      .option('--url <url>', 'redis://user:password@host:6379/0, rediss:// for TLS')
      .option('--cluster <list>', 'nodes of a Cluster, host:port with commas')
      .option('--sentinels <list>', 'Sentinels, host:port with commas')
      .option('--master <name>', 'the master that they know')
      .option('--username <name>', 'user, of Cluster or Sentinels')
      .option('--password <text>', 'password; better in MILLRACE_LOAD_PASSWORD, where ps does not show it'),
  );

const withTls = (command: Command): Command =>
  command
    .option('--tls', 'encrypt, with what the other options of TLS say')
    .option('--tls-ca <file>', 'certificate of the authority to trust')
    .option('--tls-cert <file>', "the client's certificate")
    .option('--tls-key <file>', 'and its key')
    .option('--tls-servername <name>', 'name that the certificate has to have')
    .option('--tls-insecure', 'trust any certificate');

const withLoad = (command: Command, linger = '0ms'): Command =>
  command
    .option('-r, --rate <n>', 'events a second, 5000 or 50k; neither this nor --shape: as fast as it goes')
    .addOption(several('--shape <shape>', 'constant:, ramp:, spike: or sine: (below); several follow one another'))
    .option('-d, --duration <time>', '30s, 5m; left out: until --count, or Ctrl-C')
    .addOption(count('-n, --count <n>', 'events to send'))
    .option('--warm-up <time>', 'time before, which counts for nothing')
    .option('-e, --event <json>', 'an event with placeholders (below), or @file with one')
    .option('--events <file>', 'send the lines of this file, over and over')
    .option('--once', 'send them once')
    .option('-k, --key <text>', "the events' keys, with placeholders")
    .addOption(count('--bytes <n>', 'length of each event; {{pad}} says where the filling goes'))
    .addOption(new Option('--seed <n>', 'the same number makes the same events').argParser(wholeNumber))
    .addOption(count('--batch <n>', 'most events that travel together'))
    .option('--linger <time>', 'how long an event waits for others to travel with', linger)
    .addOption(count('--max-in-flight <n>', 'most events that are sent and not answered (default: 100000)'))
    .option('--timeout <time>', 'after it an answer is not waited for any more (default: 30s)')
    .addOption(several('--fail-if <limit>', 'p99>50ms, failed>1%, rate<9000 …: exit with 1; may be given several times'))
    .option('--json', 'the summary as JSON, with one entry for each second')
    .option('--plain', 'a line every five seconds in place of the dashboard');

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache.mjs';
import { run, tail, which } from './command.mjs';
import { Unavailable } from './unavailable.mjs';

export const KAFKA_VERSION = '4.1.0';
/** Kafka logs through slf4j and brings no binding along; this is the one for the Log4j that it brings along. */
const LOG_BINDING = 'log4j-slf4j-impl:2.24.3';
const DOWNLOAD_MS = 10 * 60_000;
const JAVA_AT_LEAST = 17;
const ELSE = 'Or have Docker Compose running, or set KAFKA_BROKERS.';

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace</groupId>
  <artifactId>kafka</artifactId>
  <version>${KAFKA_VERSION}</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>${LOG_BINDING.split(':')[0]}</artifactId><version>${LOG_BINDING.split(':')[1]}</version></dependency>
  </dependencies>
</project>
`;

/**
 * The Java program and the folder of Kafka's jars, fetched by Maven the first time.
 *
 * @throws Unavailable without Java 17, Maven or its repository
 */
export async function kafkaProgram(note = () => {}) {
  const java = await findJava();
  const folder = join(cacheFolder(), `kafka-${KAFKA_VERSION}`);
  if (!existsSync(folder)) await download(folder, note);
  return { java, libs: join(folder, '*') };
}

async function findJava() {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : which('java');
  const { stderr } = java === undefined ? { stderr: '' } : await run(java, ['-version'], { withinMs: 20_000 });
  const version = /version "(?:1\.)?(\d+)/.exec(stderr)?.[1];
  if (version !== undefined && Number(version) >= JAVA_AT_LEAST) return java;
  const why = version === undefined ? 'There is no Java.' : `Java is ${version}; Kafka ${KAFKA_VERSION} needs ${JAVA_AT_LEAST}.`;
  throw new Unavailable('kafka', why, `Install Java ${JAVA_AT_LEAST} or later and Maven (Debian: apt-get install maven). ${ELSE}`);
}

async function download(folder, note) {
  const maven = which('mvn');
  if (maven === undefined) throw new Unavailable('kafka', 'There is no Maven to fetch Kafka with.', `Install Maven (Debian: apt-get install maven). ${ELSE}`);
  note(`fetching Kafka ${KAFKA_VERSION} with Maven, 45 MB, once`);
  await mkdir(cacheFolder(), { recursive: true });
  const temporary = await mkdtemp(`${folder}.`);
  try {
    await writeFile(join(temporary, 'pom.xml'), POM);
    const { code, stdout, stderr } = await run(maven, ['-B', '-q', 'dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=jars'], { cwd: temporary, withinMs: DOWNLOAD_MS });
    if (code !== 0) throw new Unavailable('kafka', `Maven could not fetch Kafka:\n${tail(`${stdout}\n${stderr}`)}\n`, `Look at the connection to Maven's repository. ${ELSE}`);
    // The folder appears under its name only when it is complete.
    await rename(join(temporary, 'jars'), folder).catch((error) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

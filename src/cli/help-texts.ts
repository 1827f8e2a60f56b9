/** What the help of the program and of each command says after its options: examples first, then the exit codes. */

export const AFTER_ALL = `
Examples:
  $ millrace run triage.asl.json --input events.ndjson --output results.ndjson
  $ millrace start --config millrace.yaml
  $ millrace validate *.asl.json
  $ millrace test-state triage.asl.json --state Kind --input event.json --level debug
  $ millrace graph triage.asl.json --format dot | dot -Tsvg > triage.svg
  $ millrace dead-letters redrive --source readings --reason REJECTED --since 2h
  $ millrace load http --url http://127.0.0.1:8080 --machine triage --rate 2000 --duration 1m

Exit codes:
  0  done
  1  it went wrong, or --fail-on-error and an execution did not succeed
  2  a mistake on the command line, in the configuration, or a file that cannot be read
  3  a state machine definition, or a function that it needs, is not valid
  130, 143  interrupted by SIGINT, SIGTERM

Data goes to standard output, everything else to standard error. Colours and progress are for terminals only; NO_COLOR is respected.`;

export const AFTER_RUN = `
Input is one JSON text to a line, or one JSON array; it is read as a stream, whatever its size. A line that is not JSON becomes
a result with status REJECTED and its line number; the rest goes on.

Output is one line for each event, in the order of the input unless --unordered:
  {"index":0,"name":"triage-0","status":"SUCCEEDED","output":{...}}
  {"index":1,"name":"triage-1","status":"FAILED","error":"Triage.Unmeasured","cause":"..."}
  {"index":2,"line":3,"status":"REJECTED","error":"INVALID_JSON","cause":"..."}

Functions are the files of a folder: locate.mjs exports handler(event, context) and is the function "locate". Unless
--functions names it, the folder is "functions" beside the machine's file or one level up.

Examples:
  $ millrace run triage.asl.json < events.ndjson | jq -r .output.class | sort | uniq -c
  $ zcat events.ndjson.gz | millrace run triage.asl.json --output results.ndjson
  $ millrace run billing.asl.json --input accounts.ndjson --concurrency 500 --fail-on-error > invoices.ndjson

Exit codes:
  0  every line was handled (or the reader of the results went away)
  1  --fail-on-error and an execution failed or a line was rejected; or the input broke off, or the results could not be written
  2  a mistake on the command line, or a file that cannot be read or written
  3  the definition, or a function that it needs, is not valid
  130, 143  interrupted; what was under way had two seconds to end`;

export const AFTER_START = `
Without --config, millrace.yaml in this folder is taken; without that, what lies here: *.asl.json as machines, functions/ beside
them, and ./data for the journal.

Examples:
  $ millrace start
  $ millrace start --config production.yaml --host 0.0.0.0 --port 9000

Signals: SIGTERM or SIGINT stops intake, lets executions end within the grace period, leaves the rest in the journal for the
next start and exits with 0. A second one exits at once.

Exit codes:
  0  stopped
  1  it cannot run: the port is in use, the data folder cannot be used; or a second signal
  2  the configuration has mistakes, all of which are shown
  3  a definition or a function has mistakes`;

export const AFTER_VALIDATE = `
Examples:
  $ millrace validate *.asl.json
  $ millrace validate --format github workflows/*.asl.json    # annotations in a GitHub workflow
  $ millrace validate - < triage.asl.json

Exit codes: 0 all are valid, 2 a file cannot be read, 3 a definition is not valid.`;

export const AFTER_GRAPH = `
Examples:
  $ millrace graph triage.asl.json > triage.mmd
  $ millrace graph triage.asl.json --format dot | dot -Tsvg > triage.svg

Exit codes: 0 drawn, 2 the file cannot be read, 3 it is not JSON.`;

export const AFTER_TEST_STATE = `
The file is a state machine with --state, else the definition of one state. What became of the state is written as JSON, in the
members of AWS's TestState: status (SUCCEEDED, FAILED, CAUGHT_ERROR, RETRIABLE), output, error, cause, nextState, and with
--level debug or trace inspectionData.

Without a mock a Task calls its function, found as for \`millrace run\`. Map and Parallel need a mock.

Examples:
  $ millrace test-state triage.asl.json --state Kind --input '{"properties": {"type": "explosion"}}' --level debug
  $ millrace test-state billing.asl.json --state Charge --input invoice.json --mock-result '{"Payload": {"paid": true}}'
  $ millrace test-state billing.asl.json --state Charge --input invoice.json --mock-error 'GatewayUnavailable:down' --retry-count 2

Exit codes:
  0  the state succeeded, or its Catch took the error
  1  it failed, or its Retry would run it again
  2  a mistake on the command line, or a file that cannot be read
  3  the definition, or a function that it needs, is not valid`;

export const AFTER_DEAD_LETTERS = `
Stores: the one of a source (--source), an output (--output), or a file of dead letters (--file). Without any of them, list and
show look into every store of the configuration.

Examples:
  $ millrace dead-letters list --source readings --reason REJECTED --since 2h
  $ millrace dead-letters list | jq -r .error | sort | uniq -c
  $ millrace dead-letters show 1763712340267-0
  $ millrace dead-letters redrive --source readings --error INPUT_REJECTED --dry-run
  $ millrace dead-letters redrive --source readings --error INPUT_REJECTED
  $ millrace dead-letters redrive --file data/dead-letters/journal.ndjson --to http://127.0.0.1:8080
  $ millrace dead-letters purge --output lost --until 30d --yes

A redrive puts the event back to its topic, stream or queue, with its own bytes, key and headers, and removes the dead letter after
that: what is interrupted may run twice, and nothing is lost. Kafka cannot remove a record; that it is done with is kept in
the offsets of the consumer group millrace-redrive-<output>.

Exit codes:
  0  done
  1  some could not be redriven or removed, and are where they were; or there is no such dead letter
  2  a mistake on the command line or in the configuration
  130, 143  interrupted: what was under way was ended first`;

export const AFTER_LOAD = `
Shapes, in events a second:
  constant:5000                             the same as --rate 5000
  ramp:1000..50000                          from one rate to the other, over --duration
  spike:1000..50000,every=30s,lasting=2s    a peak in the middle of every period
  sine:20000,amplitude=15000,period=60s     a wave around the mean
Each may end with ,for=30s; another --shape then goes on from there.

Placeholders of --event and --key:
  {{seq}} {{uuid}} {{hex 16}} {{now}} {{iso}} {{int 1 6}} {{float 0 1}} {{bool}} {{pick a b c}} {{pad 100}} {{key}}

Events are sent when they are due, whether or not earlier ones have been answered, and latency is counted from then. What is due
while as much is in flight as may be falls behind and is counted as late.

Examples:
  $ millrace load http --url http://127.0.0.1:8080 --machine triage --rate 2000 --duration 1m --event '{"mag": {{float 1 9}}}'
  $ millrace load http --url http://127.0.0.1:8080 --machine triage --mode bulk --duration 30s --events events.ndjson
  $ millrace load kafka --brokers 127.0.0.1:9092 --topic readings --shape ramp:1k..100k --duration 5m --key 'device-{{int 1 1000}}'
  $ millrace load redis --source orders --rate 20k --duration 1m --json > result.json
  $ millrace load http --url http://127.0.0.1:8080 --machine triage --mode sync --rate 500 --duration 30s --fail-if 'p99>50ms'

Exit codes:
  0  done
  1  an event failed or had no answer, or a limit of --fail-if was passed; or nothing answers at all
  2  a mistake on the command line
  130, 143  interrupted: what was in flight was waited for, and summed up`;

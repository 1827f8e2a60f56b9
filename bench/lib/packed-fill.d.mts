import type { Kafka } from 'kafkajs';

export interface PackedProducer {
  send(partition: number, values: readonly string[]): Promise<unknown>;
  close(): Promise<void>;
}

export function createPackedProducer(kafka: Kafka, topic: string): Promise<PackedProducer>;

export interface FillOptions {
  readonly partitions: number;
  readonly perBatch: number;
  readonly eventOf: (i: number) => string;
}

export function fillPacked(kafka: Kafka, topic: string, count: number, options: FillOptions): Promise<void>;

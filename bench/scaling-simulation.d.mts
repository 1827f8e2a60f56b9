export interface SimulationInputs {
  readonly rate: number;
  readonly partitions: number;
  readonly pods: number;
  readonly podRate: number;
  readonly lostAt: number;
  readonly noticedAfter: number;
  readonly rebalance: number;
  readonly uncommitted: number;
  readonly replacedAfter: number;
  readonly seconds: number;
  readonly step?: number;
  readonly seed?: number;
}

export interface SimulationResult {
  readonly arrived: number;
  readonly done: number;
  readonly repeated: number;
  readonly lag: number;
  readonly peakLag: number;
  readonly worstDelay: number;
  readonly recovery: number;
  readonly series: readonly number[];
}

export function simulate(inputs: SimulationInputs): SimulationResult;

export declare function renderStructureValidators(schema: object): string;
export declare function renderConfigValidators(schema: object): string;

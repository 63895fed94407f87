/** Contract kits: what any component, built in or not, is held to. They need no test runner; see `ContractCase`. */
export { connectorContract, type ConnectorContractOptions } from "./layers/testing/ConnectorContract.ts"
export { type ContractCase, ContractViolation } from "./layers/testing/Contract.ts"
export {
  type BackendBehaviour,
  type ContractBackend,
  exporterContract,
  type ExporterContractOptions
} from "./layers/testing/ExporterContract.ts"
export { processorContract, type ProcessorContractOptions } from "./layers/testing/ProcessorContract.ts"
export {
  type ContractClient,
  type ContractRequest,
  receiverContract,
  type ReceiverContractOptions,
  type Told
} from "./layers/testing/ReceiverContract.ts"
export { sampleRequest } from "./layers/testing/SampleRequest.ts"

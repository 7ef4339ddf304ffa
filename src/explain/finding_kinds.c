#include "explain/finding_kinds.h"

const baro_finding_kind baro_finding_kinds[] = {
    {.key = "driver",
     .title = "The driver alone",
     .of_dataflow = true,
     .advice = "look at what the program does between jobs: files listed and schemas read, results "
               "collected and worked on, plans made; give "
               "schemas, collect less, and start independent jobs from several threads",
     .find = baro_find_driver},
    {.key = "executors",
     .title = "Waiting for executors",
     .of_dataflow = true,
     .advice = "keep executors between jobs, or ask for them earlier",
     .spark_advice = "spark.dynamicAllocation.initialExecutors and .minExecutors",
     .find = baro_find_executors},
    {.key = "operator",
     .title = "A large operator",
     .of_dataflow = true,
     .advice = "give it less to do: fewer calls, less data, larger batches, a smaller type; or "
               "more parallelism",
     .find = baro_find_operators},
    {.key = "skew",
     .title = "Skewed partitions",
     .of_dataflow = true,
     .advice =
         "look at which keys the partition has; split these (a salt), or join without a shuffle",
     .spark_advice = "spark.sql.adaptive.skewJoin.enabled, with a lower "
                     "skewedPartitionThresholdInBytes; broadcast the smaller side",
     .find = baro_find_skew},
    {.key = "straggler",
     .title = "Stragglers",
     .of_dataflow = true,
     .advice = "see whether it is always the same machine or slot; the first task of a slot also "
               "loads and compiles code",
     .spark_advice = "spark.speculation, where machines differ",
     .find = baro_find_stragglers},
    {.key = "few_partitions",
     .title = "Too few partitions",
     .of_dataflow = true,
     .advice = "make at least as many partitions as there are slots, two to four times as many "
               "where they differ in size",
     .spark_advice =
         "repartition, spark.sql.shuffle.partitions, spark.sql.files.maxPartitionBytes, "
         "spark.sql.adaptive.coalescePartitions.parallelismFirst",
     .find = baro_find_few_partitions},
    {.key = "many_partitions",
     .title = "Too many partitions",
     .of_dataflow = true,
     .advice =
         "make fewer, larger partitions: a task should run for some hundred milliseconds at least",
     .spark_advice =
         "coalesce, spark.sql.shuffle.partitions, spark.sql.adaptive.coalescePartitions.enabled",
     .find = baro_find_many_partitions},
    {.key = "idle_slots",
     .title = "Idle slots",
     .of_dataflow = true,
     .advice = "let stages that do not need each other run at once, and make partitions of one "
               "size, more than there are slots",
     .find = baro_find_idle_slots},
    {.key = "attempts",
     .title = "Failed attempts",
     .of_dataflow = true,
     .advice = "read the errors of the failed tasks: each failure is work done twice",
     .find = baro_find_attempts},
    {.key = "spill",
     .title = "Spill",
     .of_dataflow = true,
     .advice = "give tasks more memory, or less data each: more partitions, fewer columns",
     .spark_advice =
         "spark.executor.memory, fewer spark.executor.cores, spark.sql.shuffle.partitions",
     .find = baro_find_spill},
    {.key = "garbage",
     .title = "Garbage collection",
     .of_dataflow = true,
     .state = BARO_STATE_COLLECTOR,
     .advice = "make fewer objects, keep less in memory, or give more of it",
     .spark_advice = "spark.executor.memory, fewer spark.executor.cores, DataFrames instead of "
                     "RDDs of objects, caching serialised",
     .find = baro_find_path_state},
    {.key = "network",
     .title = "Waiting for shuffled data",
     .of_dataflow = true,
     .state = BARO_STATE_NETWORK,
     .advice = "shuffle less: filter and aggregate before, join with a broadcast, keep data "
               "partitioned by the key",
     .spark_advice = "spark.reducer.maxSizeInFlight where the network has room",
     .find = baro_find_path_state},
    {.key = "disk",
     .title = "Writing shuffled data",
     .of_dataflow = true,
     .state = BARO_STATE_DISK,
     .advice = "shuffle less, or put the shuffle's folder on a faster disk",
     .spark_advice = "spark.local.dir",
     .find = baro_find_path_state},
    {.key = "back_pressure",
     .title = "Back-pressure",
     .of_dataflow = true,
     .state = BARO_STATE_PIPE,
     .advice = "the operators behind it are too slow: look at the busiest of these, and give it "
               "more parallelism",
     .find = baro_find_stream_wait},
    {.key = "starved",
     .title = "Waiting for input",
     .of_dataflow = true,
     .state = BARO_STATE_IDLE,
     .advice = "the operators before it, or the source, give too little: more parallelism or "
               "larger reads there",
     .find = baro_find_stream_wait},
    {.key = "python_workers",
     .title = "Python workers",
     .of_dataflow = true,
     .advice =
         "use built-in functions, or functions on whole columns, instead of Python functions a row",
     .spark_advice = "pandas_udf or mapInArrow, spark.sql.execution.pythonUDF.arrow.enabled; "
                     "record the workers with barograph to see inside",
     .find = baro_find_python_workers},
    {.key = "data_loader",
     .title = "Waiting for data",
     .of_dataflow = true,
     .advice = "load while the model computes: DataLoader(num_workers=..., prefetch_factor=..., "
               "persistent_workers=True), of TensorFlow map(..., num_parallel_calls) and "
               "prefetch; or do less for each sample: decode and resize once, beforehand",
     .find = baro_find_data_loader},
    {.key = "gpu_idle",
     .title = "An idle GPU",
     .of_dataflow = true,
     .advice = "see what the host did meanwhile: that is what to make faster, or to do while "
               "kernels run; larger batches give a device more to do at once",
     .find = baro_find_gpu_idle},
    {.key = "small_kernels",
     .title = "Many small kernels",
     .of_dataflow = true,
     .advice = "launch fewer: larger batches, torch.compile, CUDA graphs, fused optimizers "
               "(fused=True, foreach=True), XLA for TensorFlow",
     .find = baro_find_small_kernels},
    {.key = "copies",
     .title = "Copies to and from a device",
     .of_dataflow = true,
     .advice = "pin memory (pin_memory=True) and copy with non_blocking=True, so that kernels run "
               "meanwhile; move data once; .item(), .cpu() and printing tensors copy back and "
               "wait",
     .find = baro_find_copies},
    {.key = "collectives",
     .title = "Collectives between devices",
     .of_dataflow = true,
     .advice = "overlap them with the backward pass (DistributedDataParallel does, with buckets "
               "of bucket_cap_mb), synchronise less often (no_sync), send less (mixed precision)",
     .find = baro_find_collectives},

    {.key = "cpu",
     .title = "Own CPU time",
     .state = BARO_STATE_CPU,
     .advice = "do less there: a better algorithm, a result kept, work on whole arrays, a compiled "
               "library; barograph report --lines "
               "shows the lines",
     .find = baro_find_program_cpu},
    {.key = "runnable",
     .title = "Waiting for a CPU",
     .state = BARO_STATE_RUNNABLE,
     .advice =
         "more threads or processes want to run than there are CPUs: fewer workers, or more CPUs",
     .find = baro_find_runnable},
    {.key = "gil",
     .title = "Waiting for the GIL",
     .state = BARO_STATE_GIL,
     .advice = "threads do not make Python code faster: processes, a library that lets go of the "
               "GIL, or a free-threaded Python do",
     .find = baro_find_gil},
    {.key = "lock",
     .title = "Waiting for a lock",
     .state = BARO_STATE_LOCK,
     .advice = "hold the lock for less, or split it; see in barograph report --threads what the "
               "holder does meanwhile: where that is Python code, threads without the lock wait "
               "for the GIL instead",
     .find = baro_find_lock},
    {.key = "file",
     .title = "Waiting for disk",
     .state = BARO_STATE_DISK,
     .advice = "read less and in larger pieces, keep what is read twice, read ahead in a thread, "
               "sync less often",
     .find = baro_find_program_state},
    {.key = "socket",
     .title = "Waiting for network",
     .state = BARO_STATE_NETWORK,
     .advice = "ask for many things at once or in one request, keep connections and answers; "
               "threads or asyncio overlap waits",
     .find = baro_find_program_state},
    {.key = "pipe",
     .title = "Waiting for a pipe",
     .state = BARO_STATE_PIPE,
     .advice = "the other end is slower: look at what it does, or give it more at once",
     .find = baro_find_program_state},
    {.key = "child",
     .title = "Waiting for a child process",
     .state = BARO_STATE_CHILD,
     .advice =
         "the child's time is the program's: run several at once, or do its work in the process",
     .find = baro_find_program_state},
    {.key = "sleep",
     .title = "Sleeping",
     .state = BARO_STATE_SLEEP,
     .advice = "wait for what is awaited instead of asking again after a while",
     .find = baro_find_program_state},
    {.key = "collector",
     .title = "Collecting garbage",
     .state = BARO_STATE_COLLECTOR,
     .advice = "make fewer objects that live long; gc.freeze() after start-up, a higher "
               "gc.set_threshold()",
     .find = baro_find_program_state},
};

const size_t baro_finding_kind_count = sizeof(baro_finding_kinds) / sizeof(baro_finding_kinds[0]);

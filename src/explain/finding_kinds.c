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
     .advice = "call it less, on less data, in larger batches or in a smaller type; see who calls "
               "it in barograph report --callers",
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
    {.key = "python_workers",
     .title = "Python workers",
     .of_dataflow = true,
     .advice =
         "use built-in functions, or functions on whole columns, instead of Python functions a row",
     .spark_advice = "pandas_udf or mapInArrow, spark.sql.execution.pythonUDF.arrow.enabled; "
                     "record the workers with barograph to see inside",
     .find = baro_find_python_workers},

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
     .find = baro_find_program_state},
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
               "holder does meanwhile",
     .find = baro_find_program_state},
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

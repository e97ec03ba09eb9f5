#!/bin/sh
# Print what became of a cluster job: running, success or failed. Argument: the job's id.
#
# For Slurm, by scontrol, which forgets a job MinJobAge after its end (300 s unless your site says otherwise): a job it
# does not know any more is taken as failed, and sent again. No answer, say of a busy scheduler, says nothing.
# For another scheduler replace the line that sets `answer`, and the words below (UNTRIED):
#   PBS          answer=$(qstat -x -f "$1" 2>&1): job_state = F and Exit_status = 0
#   LSF          answer=$(bjobs -noheader -o stat "$1" 2>&1): PEND, RUN, DONE, EXIT
#   Grid Engine  qstat knows jobs that wait or run, qacct -j the others, minutes later
answer=$(scontrol show job --oneliner "$1" 2>&1)
case "$answer" in
    *JobState=COMPLETED*) echo success ;;
    *JobState=PENDING* | *JobState=CONFIGURING* | *JobState=RUNNING* | *JobState=COMPLETING*) echo running ;;
    *JobState=SUSPENDED* | *JobState=REQUEUED* | *JobState=RESIZING* | *JobState=STAGE_OUT*) echo running ;;
    *JobState=* | *"Invalid job id"*) echo failed ;;
    *) echo running ;;
esac

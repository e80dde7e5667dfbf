# Talkmill: YAML in, finished talking videos out.
#
#   build/cast/<character>/<stage>-<digest>.json        tickets that belong to a character
#   build/<episode>/<language>/<stage>-<digest>.json    tickets that belong to an episode
#   out/<episode>/<language>/                           what people get
#
# A ticket's name holds the digest of everything it depends on, so what must run is what is missing.
from snakemake.utils import min_version

min_version("9.27")


include: "rules/common.smk"
include: "rules/cast.smk"
include: "rules/voice.smk"
include: "rules/face.smk"
include: "rules/release.smk"


localrules:
    all,
    audio,
    validate,
    quote,


rule all:
    default_target: True
    input:
        due_manifests(),


rule audio:
    input:
        due_audio(),


rule validate:
    message:
        "The specs are in order."


rule quote:
    log:
        "build/quote.log",
    message:
        "What the next run would buy."
    shell:
        "python -m talkmill.cli quote 2> {log:q}"


onstart:
    RUN.start([file for job in workflow.dag.needrun_jobs() for file in job.output])


onsuccess:
    RUN.end()


onerror:
    RUN.end(failed=True)

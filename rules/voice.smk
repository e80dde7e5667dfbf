# From the script to one clean sound.


rule write:
    input:
        tickets,
    output:
        "build/{episode}/{lang}/write-{digest}.json",
    log:
        "build/{episode}/{lang}/write-{digest}.log",
    priority: 20
    threads: 1
    message:
        "Writing the script of {wildcards.episode} ({wildcards.lang})"
    shell:
        'python "$TALKMILL_HOME/scripts/write.py" {output:q} 2> {log:q}'


rule speak:
    input:
        tickets,
    output:
        "build/{episode}/{lang}/speak-{digest}.json",
    log:
        "build/{episode}/{lang}/speak-{digest}.log",
    priority: 30
    threads: cores
    resources:
        takes=waits,
    message:
        "Speaking {wildcards.episode} ({wildcards.lang})"
    shell:
        'python "$TALKMILL_HOME/scripts/speak.py" {output:q} 2> {log:q}'


rule clean:
    input:
        tickets,
    output:
        "build/{episode}/{lang}/clean-{digest}.json",
    log:
        "build/{episode}/{lang}/clean-{digest}.log",
    priority: 40
    threads: 1
    message:
        "Levelling the voices of {wildcards.episode} ({wildcards.lang})"
    shell:
        'python "$TALKMILL_HOME/scripts/clean.py" {output:q} 2> {log:q}'

# What belongs to a character.


rule portray:
    input:
        tickets,
    output:
        "build/cast/{character}/portray-{digest}.json",
    log:
        "build/cast/{character}/portray-{digest}.log",
    priority: 42
    threads: cores
    resources:
        paid=paid,
    message:
        "Drawing {wildcards.character}"
    shell:
        'python "$TALKMILL_HOME/scripts/portray.py" {output:q} 2> {log:q}'


rule animate:
    input:
        tickets,
    output:
        "build/cast/{character}/animate-{digest}.json",
    log:
        "build/cast/{character}/animate-{digest}.log",
    priority: 44
    threads: cores
    resources:
        paid=paid,
    message:
        "Bringing {wildcards.character} to life"
    shell:
        'python "$TALKMILL_HOME/scripts/animate.py" {output:q} 2> {log:q}'


rule inspect:
    input:
        tickets,
    output:
        "build/cast/{character}/inspect-{digest}.json",
    log:
        "build/cast/{character}/inspect-{digest}.log",
    priority: 46
    threads: 1
    message:
        "Looking at {wildcards.character}"
    shell:
        'python "$TALKMILL_HOME/scripts/inspect_.py" {output:q} 2> {log:q}'

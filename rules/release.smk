# From picture, sound and words to what people get.


rule caption:
    input:
        tickets,
    output:
        "build/{episode}/{lang}/caption-{digest}.json",
    log:
        "build/{episode}/{lang}/caption-{digest}.log",
    message:
        "Captioning {wildcards.episode} ({wildcards.lang})"
    threads: 1
    priority: 60
    shell:
        'python "$TALKMILL_HOME/scripts/caption.py" {output:q} 2> {log:q}'


rule render:
    input:
        tickets,
    output:
        "build/{episode}/{lang}/render-{digest}.json",
    log:
        "build/{episode}/{lang}/render-{digest}.log",
    message:
        "Rendering {wildcards.episode} ({wildcards.lang})"
    threads: 2
    priority: 70
    shell:
        'python "$TALKMILL_HOME/scripts/render.py" {output:q} 2> {log:q}'


rule check:
    input:
        tickets,
    output:
        "build/{episode}/{lang}/check-{digest}.json",
    log:
        "build/{episode}/{lang}/check-{digest}.log",
    message:
        "Checking {wildcards.episode} ({wildcards.lang})"
    threads: 1
    priority: 80
    shell:
        'python "$TALKMILL_HOME/scripts/check.py" {output:q} 2> {log:q}'


rule deliver:
    input:
        finished,
    output:
        "out/{episode}/{lang}/manifest.json",
    log:
        "build/{episode}/{lang}/deliver.log",
    params:
        release=release_ticket,
    message:
        "Delivering {wildcards.episode} ({wildcards.lang})"
    threads: 1
    priority: 90
    localrule: True
    shell:
        'python "$TALKMILL_HOME/scripts/deliver.py" {params.release:q} {output:q} 2> {log:q}'


rule file:
    input:
        "out/{episode}/{lang}/manifest.json",
    output:
        "out/{episode}/{lang}/{format}.mp4",
    log:
        "build/{episode}/{lang}/file-{format}.log",
    message:
        "Copying {wildcards.format}.mp4 of {wildcards.episode} ({wildcards.lang})"
    threads: 1
    priority: 100
    localrule: True
    shell:
        'python "$TALKMILL_HOME/scripts/file.py" {input:q} {output:q} 2> {log:q}'

/* The embedded model, a GGUF file, if the build names one. */
        .section .slm_model, "a"
        .balign 4096
        .globl slm_model_start, slm_model_end, slm_model_size
slm_model_start:
#ifdef SLM_MODEL
        .incbin SLM_MODEL
#endif
slm_model_end:
        .set slm_model_size, slm_model_end - slm_model_start
        .balign 64
        .section .note.GNU-stack, ""

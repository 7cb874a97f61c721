/* The embedded model, a GGUF file, if the build names one, and the sum that it must have. */
        .section .slm_model, "a"
        .balign 4096
        .globl slm_model_start, slm_model_end, slm_model_size, slm_model_sum
slm_model_start:
#ifdef SLM_MODEL
        .incbin SLM_MODEL
#endif
slm_model_end:
        .set slm_model_size, slm_model_end - slm_model_start
        .balign 64
slm_model_sum:
#ifdef SLM_MODEL
        .quad SLM_MODEL_SUM
#else
        .quad 0
#endif
        .section .note.GNU-stack, ""

# The SLM. Its pieces stand alone: the classifier (intent.c) and the knowledge base (kb.c) need only boot, the driver
# catalogue the devices, the engine and its service all the rest.
slm_REQUIRES := boot $(if $(wildcard slm/catalogue.c),dev) $(if $(wildcard slm/engine.c),mm sched ipc dev)
slm_OBJS := $(if $(wildcard slm/intent.c),$(O)/slm/intent_model.o) $(if $(wildcard slm/kb.c),$(O)/slm/kb_blob.o)

# The names of PCI devices: the system's list where there is one, else the short list in slm/data.
PCI_IDS ?= $(firstword $(wildcard /usr/share/misc/pci.ids /usr/share/hwdata/pci.ids) slm/data/pci.ids)

$(O)/slm/kbgen: tools/kbgen.c slm/kb_format.h
	@echo "HOSTCC $<"
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 -O1 -Wall -Wextra $< -o $@
$(O)/slm/kb.bin: $(O)/slm/kbgen $(PCI_IDS)
	@echo "KB  $(PCI_IDS)"
	$(Q)$(O)/slm/kbgen $(PCI_IDS) $@
$(O)/slm/kb_blob.o: $(O)/slm/kb.bin tools/kb.S
	$(Q)$(CC) $(ARCH_TARGET) -DKB_BLOB='"$<"' -c tools/kb.S -o $@

$(O)/slm/intentgen: tools/intentgen.c slm/intent_model.h slm/text.h
	@echo "HOSTCC $<"
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 -O1 -Wall -Wextra $< -o $@
$(O)/slm/intent_model.c: $(O)/slm/intentgen slm/data/intents.tsv
	@echo "INTENTS slm/data/intents.tsv"
	$(Q)$< slm/data/intents.tsv > $@.tmp && mv $@.tmp $@
$(O)/slm/intent_model.o: $(O)/slm/intent_model.c slm/intent_model.h $(O)/flags
	$(Q)$(CC) $(CFLAGS) -Islm -c $< -o $@

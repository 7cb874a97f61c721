import type { Models } from '../models/models.ts';
import type { Config } from '../protocol/config.ts';
import { KERNEL_ROLES, SLM_ROLES, type Role } from '../protocol/roles.ts';

/** How many agents of a role a run has. */
export function agentCount(config: Config, role: Role): number {
  const { agents } = config;
  const counts: Partial<Record<Role, number>> = {
    manager: agents.manager_count,
    architect: agents.architect_count,
    developer: agents.developer_count,
    reviewer: agents.reviewer_count,
    tester: agents.tester_count,
    integrator: agents.integrator_count,
    training: agents.training_agent_count,
  };
  return counts[role] ?? 1;
}

/** The roles that take part in a run. */
export function rolesOf(config: Config): readonly Role[] {
  return config.workflow.mode === 'kernel_build' ? KERNEL_ROLES : [...KERNEL_ROLES, ...SLM_ROLES];
}

/** Every agent of a run: `developer-1`, `developer-2`, ... */
export function agentsOf(config: Config, models: Models): { id: string; role: Role; model: string }[] {
  return rolesOf(config).flatMap((role) =>
    Array.from({ length: agentCount(config, role) }, (_, index) => ({
      id: `${role}-${index + 1}`,
      role,
      model: models.clientFor(role).label,
    })),
  );
}

/** What the run is played by, for people: one name, or several where roles differ. */
export function labelOf(config: Config, models: Models): string {
  return [...new Set(rolesOf(config).map((role) => models.clientFor(role).label))].join(', ');
}

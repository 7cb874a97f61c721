import { agentReviewSchema } from '../protocol/schema/review.ts';
import { defineTool } from './tool.ts';

export const submitReview = defineTool({
  name: 'submit_review',
  description:
    'Gives your verdict on the change: "approve", or "request_changes" with at least one comment tied to a file and a line. ' +
    'Ends the review.',
  input: agentReviewSchema,
  async run(review, context) {
    await context.host.submitReview(review);
    return { ok: true, text: `Review submitted: ${review.verdict}, ${review.comments.length} comments.` };
  },
});
